/*
 * A program that says where a private runtime directory would be, or why there is no place for one.
 */
import { RuntimeDirectoryError } from '../../../lib/errors.ts';
import { findPrivatePlace } from '../../../lib/host/directory/private-place.ts';

function find(): object {
  try {
    return { found: findPrivatePlace('stagekeeper-x') };
  } catch (error) {
    if (!(error instanceof RuntimeDirectoryError)) return { message: String(error) };
    return { reason: error.reason, message: error.message };
  }
}

process.stdout.write(JSON.stringify(find()));
