// A program that only imports the library and prints its memory in bytes.
import { Supervisor } from 'stagekeeper';

if (typeof Supervisor === 'function') console.log(process.memoryUsage.rss());
