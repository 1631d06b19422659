#!/usr/bin/env node
'use strict';

const { enlargeThreadPool } = require('./thread-pool.js');

enlargeThreadPool();
void import('../dist/sluice-command.js').then(({ runSluice }) => runSluice(process.argv.slice(2)));
