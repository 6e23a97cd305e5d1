import { parseApache } from '../../../parsers/apache/parse.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import type { Problem } from '../problem.ts'
import type { ApacheConfiguration, ApacheDirective, ApacheProblemCode } from './configuration.ts'
import { EMPTY_ENVIRONMENT } from './environment.ts'
import { readFile } from './reading/read-lines.ts'
import { startReading } from './reading/start-reading.ts'

/** A `.htaccess` file as httpd sees it when a request comes by. */
export interface HtaccessFile {
  readonly source: Source
  /**
   * What it holds, conditionals gone. What may only stand in the server's own files (`Include`, `Define`,
   * `<Directory>`…) is among it: httpd answers 500 for it.
   */
  readonly children: readonly ApacheDirective[]
  readonly occurrences: ReadonlyMap<string, readonly ApacheDirective[]>
  /** The conditionals that were decided while it was read. */
  readonly executed: readonly ApacheDirective[]
  /** `fatal` where every request to this directory is answered with 500. */
  readonly problems: readonly Problem<ApacheProblemCode>[]
}

/** httpd reads `.htaccess` with a buffer of this many bytes: a longer line is an error. */
const LONGEST_LINE = 8192

/**
 * Reads a `.htaccess` file against the modules and definitions of a server. Conditionals ask what is
 * loaded in the end, and a true one may stay open at the end of the file, a section may not.
 */
export function evaluateHtaccess(
  source: Source,
  configuration: ApacheConfiguration,
  files: FileSystem,
): HtaccessFile {
  const reading = startReading({
    files,
    version: configuration.version,
    environment: EMPTY_ENVIRONMENT,
    fragments: !configuration.modulesComplete,
    perDirectory: true,
    modules: new Map(configuration.modules),
    defines: new Map(configuration.defines),
    serverRoot: configuration.serverRoot,
    world: configuration.world,
  })
  readFile(reading, source, source.path, null)
  const tooLong = lineTooLong(source)
  return {
    source,
    children: reading.top,
    occurrences: reading.occurrences,
    executed: reading.executed,
    problems: tooLong === null ? reading.problems : [tooLong],
  }
}

function lineTooLong(source: Source): Problem<ApacheProblemCode> | null {
  for (const node of parseApache(source)) {
    if (node.end - node.start < LONGEST_LINE) continue
    return {
      code: 'line-too-long',
      fatal: true,
      message: `a line of \`.htaccess\` is longer than ${LONGEST_LINE} bytes`,
      at: { source, start: node.start, end: Math.min(node.end, node.start + 80) },
    }
  }
  return null
}
