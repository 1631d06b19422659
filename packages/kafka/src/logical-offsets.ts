/** Where the group committed, else by the reset policy: librdkafka finds it out at its first fetch. */
export const OFFSET_STORED = -1000;

/**
 * Nowhere yet: the partition is assigned and not fetched until a seek says where. Never given to librdkafka, which takes
 * its own number of that meaning for `OFFSET_STORED`.
 */
export const OFFSET_NONE = -1001;
