#!/usr/bin/env node
'use strict';

require('./thread-pool.js');
import('../dist/start-command.js').then(({ runKafkaRestStart }) => runKafkaRestStart(process.argv.slice(2)));
