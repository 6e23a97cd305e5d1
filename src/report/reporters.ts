import { reportConcise } from './concise.ts'
import { reportGithub } from './github.ts'
import { reportJson } from './json.ts'
import type { Reporter } from './reporter.ts'
import { reportSarif } from './sarif.ts'
import { reportText } from './text.ts'

/** Every format by the name that `--format` takes. */
export const reporters = {
  text: reportText,
  concise: reportConcise,
  json: reportJson,
  sarif: reportSarif,
  github: reportGithub,
} as const satisfies Readonly<Record<string, Reporter>>
