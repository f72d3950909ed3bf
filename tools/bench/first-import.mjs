// Loads a library in a process of its own: node first-import.mjs URL. Prints its milliseconds.
const [url] = process.argv.slice(2);
const start = performance.now();
const { default: Database } = await import(url);
// better-sqlite3 loads its addon with the first database.
if (Database !== undefined) new Database(":memory:").close();
process.stdout.write(String(performance.now() - start));
