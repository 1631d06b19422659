export { type Forward, Forwarder, type ForwarderOptions, type ForwardOutcome } from './forwarder.ts';
