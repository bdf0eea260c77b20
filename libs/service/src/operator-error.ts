/** A failure that the person who starts the process can mend: its message is printed as it is, without a stack. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}

/** Wrong configuration. The message is ready to print: one line per problem. */
export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError';
}
