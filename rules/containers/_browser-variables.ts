import { posix } from 'node:path'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** Names that the tools put into scripts. */
const OF_BROWSER = /^(?:VITE|REACT_APP|VUE_APP|NG_APP|EXPO_PUBLIC)_\w+$/
/** What Next.js puts into them when it builds; its server reads the variable too. */
const OF_NEXT = /^NEXT_PUBLIC_\w+$/
const FILES = ['.env', '.env.production', '.env.local', '.env.production.local']

export interface BrowserVariable {
  readonly name: string
  readonly value: Fact<string>
}

/** Variables that Next.js has when it builds, and so puts into the scripts of the browser that read them. */
export function* variablesOfNext({ service, image, hostFiles }: Container): Iterable<BrowserVariable> {
  // An argument that no `ARG` takes is none.
  const dockerfile = image?.stage.at.source.text ?? ''
  const args = (service.build?.args ?? []).filter(({ name }) => dockerfile.includes(name))
  const given = new Set(args.map(({ name }) => name))
  // `ENV NAME=$NAME` says again what an argument says.
  const own = (image?.environment ?? []).filter(({ name }) => !given.has(name))
  for (const { name, value } of [...args, ...own])
    if (value !== null && OF_NEXT.test(name)) yield { name, value }
  for (const { name, value } of besideBuild(service, hostFiles)) if (OF_NEXT.test(name)) yield { name, value }
}

/** Variables of a container, its build and the files beside it that end up in the scripts of the browser. */
export function* browserVariables({ service, image, hostFiles }: Container): Iterable<BrowserVariable> {
  const written = [...service.environment, ...(service.build?.args ?? []), ...(image?.environment ?? [])]
  for (const { name, value } of written) if (value !== null && OF_BROWSER.test(name)) yield { name, value }
  for (const { name, value } of besideBuild(service, hostFiles))
    if (OF_BROWSER.test(name)) yield { name, value }
}

/** What the files of variables say that a build reads. */
function besideBuild(
  { build }: Container['service'],
  hostFiles: Container['hostFiles'],
): readonly BrowserVariable[] {
  const context = build?.context
  if (context?.known !== true || !context.value.startsWith('/')) return []
  return FILES.flatMap(file => {
    const source = sourceAt(hostFiles, posix.join(context.value, file))
    return source === null ? [] : parseDotenv(source)
  })
}
