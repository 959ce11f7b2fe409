// Words of the command line: `--name value`, `--name` alone, and values given several times.
const words = process.argv.slice(2);

export const has = (name) => words.includes(`--${name}`);

export const option = (name, otherwise) => (has(name) ? words[words.indexOf(`--${name}`) + 1] : otherwise);

/** Every value of an option that may be given several times. */
export const every = (name) => words.filter((_, at) => words[at - 1] === `--${name}`);

export const list = (name) => option(name)?.split(",");
