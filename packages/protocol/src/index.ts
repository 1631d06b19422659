export { ApiError, type ErrorName, errorBody, errorKinds } from './errors.ts';
export { PARTITION_UNSET, type RecordBatch, type TopicPartition, type TopicPartitionOffset } from './records.ts';
