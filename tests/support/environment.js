// Emscripten's programs see an environment of their own: here they get the process's.
Module["preRun"] = () => Object.assign(ENV, process.env);
