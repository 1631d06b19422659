#!/usr/bin/env node
'use strict';

require('./thread-pool.js');
import('../dist/stop-command.js').then(({ runKafkaRestStop }) => runKafkaRestStop(process.argv.slice(2)));
