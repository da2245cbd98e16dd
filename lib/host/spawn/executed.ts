import type { ExecPlan } from './exec-plan.ts';
import { isNotFound } from './spawn-failure.ts';

/**
 * What is executed for a plan: its program, or the one that changes the account and then executes it.
 *
 * @throws ENOENT when the program does not exist: the system would find the other one, and the failure would be an exit code.
 */
export function executedBy(plan: ExecPlan): Pick<ExecPlan, 'file' | 'args'> {
  const { file, args, account } = plan;
  const [changer, ...words] = account.program ?? [];
  if (changer === undefined) return { file, args };
  if (isNotFound(plan)) throw Object.assign(new Error(`spawn ${file} ENOENT`), { code: 'ENOENT' });
  return { file: changer, args: [...words, file, ...args] };
}
