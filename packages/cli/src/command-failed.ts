/** A command did not do what it was asked: its message is for the person who typed it, without a stack. */
export class CommandFailed extends Error {
  constructor(message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.name = 'CommandFailed';
  }
}
