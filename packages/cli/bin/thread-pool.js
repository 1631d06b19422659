'use strict';

/**
 * Sets the size of libuv's thread pool, which is read when the pool is first used. Loading an ES module reads files
 * through the pool, so a module that sets the variable is too late, whatever it imports: measured, it gets libuv's
 * default of 4 threads. A CommonJS file is read without the pool, and is in time. Each Kafka client that connects or
 * closes holds a thread meanwhile.
 */
exports.enlargeThreadPool = () => {
  process.env.UV_THREADPOOL_SIZE ||= '32';
};
