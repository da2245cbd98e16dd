/**
 * What is executed: a script file, with its interpreter line, or a command line.
 *
 * A script runs in the folder that contains it; its interpreter line is read again at each start. A command's first
 * word is looked up on the PATH of its environment.
 */
export type Program = ScriptProgram | CommandProgram;

/** A program that is a script file. */
export interface ScriptProgram {
  /** The script's absolute path. */
  readonly script: string;
}

/** A program that is a command line; only a tree made in code has such programs. */
export interface CommandProgram {
  /** The words of the command line; at least one. */
  readonly command: readonly string[];
  /** The working directory. Default: the host's. */
  readonly directory?: string;
}

/**
 * Where the output of a process goes: to the host's own stdout and stderr, into `output` events line by line, or
 * nowhere.
 */
export type Output = 'inherit' | 'lines' | 'ignore';

/** The end of the log pipe of this name. */
export interface PipeEnd {
  /** The name of the service that writes to the pipe, or of the catch-all logger that reads it. */
  readonly pipe: string;
}

/**
 * Everything that a spawner needs to start one process: a plain value, made by the pure core.
 *
 * Every process gets a session and a process group of its own, as under s6, except one in the foreground at a terminal.
 */
export interface Command {
  /** The name of the process: `web`, `web/finish`, `web/log`, `web/log/finish`, or a script's file name. */
  readonly name: string;
  /** What is executed. */
  readonly program: Program;
  /**
   * What a script gets as `$0`: `./run` in its folder (services, as under s6) or its absolute path (stage scripts, as
   * under s6-overlay).
   */
  readonly calledBy: 'name' | 'path';
  /** Arguments after the program's own words. */
  readonly args: readonly string[];
  /** Standard input: empty (`/dev/null`), the host's own, or the read end of a log pipe. */
  readonly stdin: 'empty' | 'inherit' | PipeEnd;
  /** Standard output: as `Output` says, or the write end of a log pipe. */
  readonly stdout: Output | PipeEnd;
  /** Standard error: as `Output` says, or the write end of the catch-all logger's pipe. */
  readonly stderr: Output | PipeEnd;
  /** The descriptor on which the process announces its readiness with a newline. */
  readonly notificationFd?: number;
  /** Variables that override the environment that the process gets otherwise. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Whether it is the host's own command. It shares the host's terminal, if there is one, and with it the host's
   * session and process group; and the words of `S6_CMD_ARG0` come before its own. Default: false.
   */
  readonly foreground?: boolean;
  /** The account to run as: as in `ServiceSpec`. Default: the host's own. */
  readonly user?: string;
}
