import { memo } from '../../../../parsers/collections/memo.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { directoryPath, sectionPattern } from './section-matches.ts'
import { type VirtualHost, virtualHostSection } from './virtual-hosts.ts'

/** A `<Directory>` of one plain path, which says what a `.htaccess` in it might say. */
export interface DirectorySection {
  readonly section: ApacheDirective
  /** With its last slash. */
  readonly directory: string
}

/** The path of `<Directory /srv/www>`, its last slash included; null for a pattern, and for any other section. */
export function plainDirectory(section: ApacheDirective | null): string | null {
  if (section?.name !== 'Directory') return null
  const { kind, text } = sectionPattern(section)
  return kind === 'plain' && text.startsWith('/') ? directoryPath(text) : null
}

/** Those of a virtual host, and of the main server, whose sections every host has. */
export function directorySectionsOf(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
): readonly DirectorySection[] {
  return sectionsOf(configuration).filter(({ section }) => {
    const home = virtualHostSection(section)
    return home === null || home === host?.directive
  })
}

const sectionsOf = memo(
  ({ occurrences }: ApacheConfiguration): readonly DirectorySection[] =>
    occurrences.get('directory')?.flatMap(section => {
      const directory = plainDirectory(section)
      return directory === null ? [] : [{ section, directory }]
    }) ?? [],
)
