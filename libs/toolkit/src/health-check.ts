/** One thing that a plugin needs. */
export interface PluginCheck {
  /** Among the checks of its plugin. */
  readonly name: string;
  /** Without it the plugin can still do its work: a failure counts as degraded only. */
  readonly optional?: boolean;
  /** Throws, or rejects, when it does not work; it is given 5 s. */
  run(): Promise<void> | void;
}
