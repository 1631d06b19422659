/**
 * On whose behalf Kafka is called. Clients are pooled by principal id, so that no caller ever uses another's
 * connection. Today there is one: the identity of the service itself.
 */
export interface Principal {
  readonly id: string;
}

export const servicePrincipal: Principal = { id: 'service' };
