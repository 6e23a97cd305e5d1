import type { Place } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { apacheDirective, apacheSection } from '../directives.ts'
import type { HtaccessFile } from '../evaluate-htaccess.ts'
import { unknownFault, unloadedFault } from '../validate/unknown-directive.ts'

/** What makes httpd answer 500 to every request below a `.htaccess` file. */
export interface HtaccessFault {
  readonly at: Place
  readonly message: string
  readonly help?: string | undefined
}

/**
 * The first fault of the file itself: of its lines and sections, or a name that no loaded module knows.
 * What `AllowOverride` refuses is no part of it (see `refusals`).
 */
export function htaccessFault(
  configuration: ApacheConfiguration,
  files: FileSystem,
  file: HtaccessFile,
): HtaccessFault | null {
  const broken = file.problems.find(({ fatal }) => fatal)
  if (broken !== undefined) return broken
  const unit = { ...configuration, files, fragments: configuration.main === null }
  const visit = (directive: ApacheDirective): HtaccessFault | null => {
    const { source, nameStart: start, nameEnd: end } = directive
    const name = directive.name.toLowerCase()
    const facts = directive.section ? apacheSection(name) : apacheDirective(name)
    const isLoaded =
      facts === undefined ||
      facts.modules.length === 0 ||
      facts.modules.some(id => id === 'core' || configuration.modules.has(id))
    const fault =
      facts === undefined
        ? unknownFault(directive, unit)
        : isLoaded || !configuration.modulesComplete
          ? null
          : unloadedFault(facts)
    if (fault !== null) return { at: { source, start, end }, message: fault.message, help: fault.help }
    for (const child of directive.children) {
      const inner = visit(child)
      if (inner !== null) return inner
    }
    return null
  }
  for (const directive of file.children) {
    const fault = visit(directive)
    if (fault !== null) return fault
  }
  return null
}
