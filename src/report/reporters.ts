import { reportCheckstyle } from './checkstyle.ts'
import { reportConcise } from './concise.ts'
import { reportGithub } from './github.ts'
import { reportGitlab } from './gitlab.ts'
import { reportJson } from './json.ts'
import { reportJunit } from './junit.ts'
import { reportRdjson } from './rdjson.ts'
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
  gitlab: reportGitlab,
  junit: reportJunit,
  checkstyle: reportCheckstyle,
  rdjson: reportRdjson,
} as const satisfies Readonly<Record<string, Reporter>>
