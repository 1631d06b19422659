#!/usr/bin/env node
'use strict';

const { enlargeThreadPool } = require('./thread-pool.js');

enlargeThreadPool();
void import('../dist/start-command.js').then(({ runKafkaRestStart }) => runKafkaRestStart(process.argv.slice(2)));
