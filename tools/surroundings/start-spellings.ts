import { commandSpellings } from './command-spellings.ts'
import { composeElsewhere } from './compose-elsewhere.ts'
import { composeSpellings } from './compose-spellings.ts'
import { dockerfileCommands } from './dockerfile-commands.ts'
import { dockerfileSteps } from './dockerfile-steps.ts'
import type { Lay } from './files.ts'
import { unitSpellings } from './unit-spellings.ts'
import { uwsgiSpellings } from './uwsgi-spellings.ts'

/** What starts programs, as other people write it. */
export const startSpellings: Readonly<Record<string, Lay>> = {
  ...composeSpellings,
  ...composeElsewhere,
  ...dockerfileCommands,
  ...dockerfileSteps,
  ...unitSpellings,
  ...commandSpellings,
  ...uwsgiSpellings,
}
