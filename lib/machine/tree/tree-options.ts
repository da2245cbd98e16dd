import type { Output } from '../../model/program.ts';
import type { ServiceSpec } from '../../model/tree.ts';

/** The options that hold for a supervisor's whole life. */
export interface TreeOptions {
  readonly onInitFailure: 'continue' | 'warn' | 'stop';
  readonly output: Output;
  readonly timeouts: Timeouts;
  readonly services: Readonly<Record<string, ServiceOverrides>>;
  /** Whether the command waits until the services are ready, where nothing else decides; absent: no. */
  readonly waitForServices?: boolean;
  /** Whether everything runs from a copy of the tree's root; absent: no. */
  readonly readOnlyRoot?: boolean;
  /** A logger for the output that would otherwise go to the host's; absent: none. */
  readonly catchAll?: CatchAll | undefined;
}

/** The options that init scripts may still change. */
export type LateOptions = Required<Pick<TreeOptions, 'timeouts' | 'waitForServices'>>;

/** The catch-all logger, and what it logs. */
export interface CatchAll {
  readonly spec: ServiceSpec;
  /** The folder of its log. */
  readonly directory: string;
  /** Whether the host's command writes there too. */
  readonly takesCommand: boolean;
}

/** Time limits in milliseconds, all upper bounds: everything ends as soon as it can. 0: no limit. */
export interface Timeouts {
  /** For each init script. Default: 0 (s6-overlay v2 has none). */
  readonly init: number;
  /**
   * For all services to come up and be ready. What has not by then counts as failed for `start()`, the stage and the
   * command, and comes up by itself. Default: 0, as in s6-overlay from 3.2.0.0 (`S6_CMD_WAIT_FOR_SERVICES_MAXTIME`).
   */
  readonly readiness: number;
  /**
   * For the services to end in `supervisor.stop()`, before KILL. All their finish scripts have `kill` more, whatever
   * limits of their own they have, and at least one second. Then their loggers have the same time again to read to the
   * end. 0: no limit. Default: 3000 (`S6_SERVICES_GRACETIME`).
   */
  readonly services: number;
  /** For each finish script, before KILL. Default: 5000 (`S6_KILL_FINISH_MAXTIME`). */
  readonly finish: number;
  /** Between TERM and KILL for the leftovers of services; see `services`, too. Default: 3000 (`S6_KILL_GRACETIME`). */
  readonly kill: number;
}

/** What the host sets differently for one service. */
export interface ServiceOverrides extends Partial<
  Pick<
    ServiceSpec,
    'restart' | 'essential' | 'backoff' | 'output' | 'user' | 'environment' | 'down' | 'downSignal'
  >
> {
  /** Milliseconds from the stop signal to KILL; 0: never. Default: the value of `timeout-kill`, else 10 000. */
  readonly killTimeout?: number;
  /** Milliseconds that `finish` may take; 0: no limit. Default: the value of `timeout-finish`, else 5000. */
  readonly finishTimeout?: number;
}
