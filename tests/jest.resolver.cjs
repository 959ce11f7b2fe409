// `litequant` is the packed package, found as Node would find it from the folder it was unpacked into.
const { join } = require("node:path");

const packed = join(__dirname, "../.cache/packed");

module.exports = (request, options) =>
  options.defaultResolver(request, /^litequant($|\/)/.test(request) ? { ...options, basedir: packed } : options);
