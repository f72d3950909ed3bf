// One question in a process of its own, so that none finds the code compiled, or the heap filled, by another.

const [name, directory, quick] = process.argv.slice(2);
/** @type {{ ask: (setting: import("./measure.mjs").Setting) => Promise<import("./measure.mjs").Answer> }} */
const { ask } = await import(`./${name}.mjs`);
process.send?.(await ask({ directory, quick: quick === "true" }));
