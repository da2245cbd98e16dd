// A program that only prints its memory in bytes.
console.log(process.memoryUsage.rss());
