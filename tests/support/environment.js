// Emscripten's programs see an environment of their own: here they get the process's.
/* global Module, ENV, process */
Module["preRun"] = () => Object.assign(ENV, process.env);
