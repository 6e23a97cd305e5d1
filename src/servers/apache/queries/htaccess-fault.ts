import type { Place } from '../../../../parsers/text/source.ts'
import { memoByKey } from '../../../../parsers/collections/memo.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Problem } from '../../problem.ts'
import type { ApacheConfiguration, ApacheDirective, ApacheProblemCode } from '../configuration.ts'
import type { HtaccessFile } from '../evaluate-htaccess.ts'
import { isHttpd22 } from '../modules.ts'
import { type Overrides, passedOver } from './overrides.ts'
import { validateHtaccess } from '../validate/validate.ts'

/** What makes httpd answer 500 to every request below a `.htaccess` file. */
export interface HtaccessFault {
  readonly at: Place
  readonly message: string
  readonly help?: string | undefined
}

/**
 * The first fault of the file itself: of its lines and sections, of a name that no loaded module knows, or of an
 * argument. What `AllowOverride` refuses is no part of it (see `refusals`).
 *
 * @param overrides what `AllowOverride` passes over
 */
export function htaccessFault(
  configuration: ApacheConfiguration,
  files: FileSystem,
  file: HtaccessFile,
  overrides: Overrides,
): HtaccessFault | null {
  const broken = file.problems.find(({ fatal }) => fatal)
  if (broken !== undefined) return broken
  if (isHttpd22(configuration.modules)) return null
  const over = passedOver(file.children, overrides)
  const server = serverOf(configuration, files)
  const problems = over.length === 0 ? problemsOf(server, file) : findProblems(server, file, new Set(over))
  if (!overrides.nonfatal.unknown) return problems[0] ?? null
  const sections = REQUIRE_SECTIONS.flatMap(name => file.occurrences.get(name) ?? [])
  const isTolerated = ({ code, at }: Problem<ApacheProblemCode>): boolean =>
    (code === 'unknown-directive' || code === 'module-not-loaded') &&
    !sections.some(section => encloses(section, at))
  return problems.find(problem => !isTolerated(problem)) ?? null
}

/** `Nonfatal` is not the concern of mod_authz_core, which reads the lines of its sections itself. */
const REQUIRE_SECTIONS = ['requireall', 'requireany', 'requirenone']

function encloses({ children }: ApacheDirective, at: Place): boolean {
  return children.some(child => (at.start >= child.start && at.start <= child.end) || encloses(child, at))
}

interface Server {
  readonly configuration: ApacheConfiguration
  readonly files: FileSystem
}

const serverOf = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): Server => ({ configuration, files }),
)

const problemsOf = memoByKey((server: Server, file: HtaccessFile) => findProblems(server, file, new Set()))

function findProblems(
  { configuration, files }: Server,
  { source: { path }, children }: HtaccessFile,
  over: ReadonlySet<ApacheDirective>,
): readonly Problem<ApacheProblemCode>[] {
  const unit = { ...configuration, files, fragments: configuration.main === null }
  return validateHtaccess(unit, children, path.slice(0, path.lastIndexOf('/') + 1), over)
}
