#!/usr/bin/env node
'use strict';

require('./thread-pool.js');
import('../dist/sluice-command.js').then(({ runSluice }) => runSluice(process.argv.slice(2)));
