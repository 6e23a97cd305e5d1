import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** Names that the tools put into scripts. */
const OF_BROWSER = /^(?:VITE|REACT_APP|VUE_APP|NG_APP|EXPO_PUBLIC)_\w+$/
const FILES = ['.env', '.env.production', '.env.local', '.env.production.local']

export interface BrowserVariable {
  readonly name: string
  readonly value: Fact<string>
}

/** Variables of a container, its build and the files beside it that end up in the scripts of the browser. */
export function* browserVariables({ service, image, hostFiles }: Container): Iterable<BrowserVariable> {
  const written = [...service.environment, ...(service.build?.args ?? []), ...(image?.environment ?? [])]
  for (const { name, value } of written) if (value !== null && OF_BROWSER.test(name)) yield { name, value }
  const context = service.build?.context
  if (context?.known !== true || !context.value.startsWith('/')) return
  for (const file of FILES) {
    const source = sourceAt(hostFiles, posix.join(context.value, file))
    for (const { name, value } of source === null ? [] : parseDotenv(source))
      if (OF_BROWSER.test(name)) yield { name, value }
  }
}
