import { sliceWritten, wholeText } from '../../../../parsers/text/written-text.ts'
import type { Container } from '../container.ts'
import type { EndOfStart } from '../end-of-start.ts'
import { serviceVariables } from '../service-variables.ts'
import { variablesOf } from './build-steps.ts'
import type { Build } from './image-tree.ts'
import { takeScript } from './take-script.ts'

/**
 * Does to the files of a server what the script of a container does before it starts it.
 *
 * @returns false where nobody knows what is in them afterwards
 */
export function takesScript(
  build: Build,
  container: Container,
  { source, before }: NonNullable<EndOfStart['script']>,
): boolean {
  const { service, hostFiles } = container
  if (SOURCES.test(before.replaceAll(OF_PACKAGE, ''))) return false
  if (!build.home.mentions.test(before)) return true
  const variables = variablesOf(build.home, container)
  for (const { name, value } of serviceVariables(service, hostFiles).variables) {
    if (value?.known === true) variables.set(name, value.value)
    else variables.delete(name)
  }
  build.directory = null
  return takeScript(build, sliceWritten(wholeText(source), 0, before.length), variables)
}

/** What another file does, nobody reads. */
const SOURCES = /(?:^|[\n;&|])[ \t]*(?:\.|source)[ \t]/
const OF_PACKAGE = /(?:^|\n)[ \t]*(?:\.|source)[ \t]+\/etc\/apache2\/envvars[ \t]*(?=[\n;]|$)/g
