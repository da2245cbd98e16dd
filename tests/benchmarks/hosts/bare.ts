// A program that does nothing, and prints its memory in bytes.
console.log(process.memoryUsage.rss());
