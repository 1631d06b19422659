/** How a field's value lies on the wire: the last three bits of its tag. Source: Protocol Buffers, "Encoding". */
export const wireTypes = { varint: 0, fixed64: 1, length: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;
