#!/usr/bin/env node
'use strict';

const { enlargeThreadPool } = require('./thread-pool.js');

enlargeThreadPool();
void import('../dist/stop-command.js').then(({ runKafkaRestStop }) => runKafkaRestStop(process.argv.slice(2)));
