// kinesis-local has no setting for its listen address and uses every interface. Loaded with `node --require`, this
// binds its listeners to the loopback address, where core, its only client, connects.
const net = require('node:net');
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...args) {
  if (args[0] !== null && typeof args[0] === 'object' && 'port' in args[0]) {
    return listen.call(this, { ...args[0], host: '127.0.0.1' }, ...args.slice(1));
  }
  if (typeof args[0] === 'number' || /^\d+$/.test(String(args[0]))) {
    const callback = args.filter((argument) => typeof argument === 'function');
    return listen.call(this, { port: Number(args[0]), host: '127.0.0.1' }, ...callback);
  }
  return listen.apply(this, args);
};
