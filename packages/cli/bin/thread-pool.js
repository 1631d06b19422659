'use strict';

// libuv reads the size of its pool when the pool is first used. Loading an ES module reads files through the pool, so
// a module that sets the variable is too late, whatever it imports: measured, it gets libuv's default of 4 threads.
// A CommonJS file is read without the pool, and is in time. Each connecting or closing Kafka client holds a thread.
process.env.UV_THREADPOOL_SIZE ||= '32';
