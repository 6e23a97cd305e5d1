import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { healthCheck } from '../../src/deployment/containers/health-check.ts'
import { buildSteps } from './_started-words.ts'

/** A port of a container to which something is told to connect. */
interface Claim {
  readonly at: Place
  readonly first: number
  readonly last: number
  readonly text: string
  readonly isPublished: boolean
  /** The port of the host by which a published one is reached; null where nobody knows. */
  readonly host: number | null
  /** True for what connects from inside of the container, */
  readonly isInside: boolean
  /** and for what asks ::1 there and nothing else. */
  readonly isAskedBySix?: boolean
}

const TRAEFIK = /^traefik\.(?:http|tcp)\.services\.[^.]+\.loadbalancer\.server\.port$|^traefik\.port$/i

/** What a health check asks for in its own container. */
const LOCAL_URL =
  /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(?=[/\s"')?]|$)|(?<=\b(?:nc|netcat)(?:[ \t]+-\w+)*[ \t]+-\w*z\w*(?:[ \t]+-\w+)*[ \t]+)(?:localhost|127\.0\.0\.1|0\.0\.0\.0)[ \t]+(\d{1,5})(?=[\s"');&|]|$)/

/** Another question behind the first one, which may be answered where that is not. */
const ALTERNATIVE = /^[^\n;|]*\|\|\s*(?!exit\b|false\b|echo\b|kill\b|\{|\()[\w/-]/

export function claimsOf(container: Container | null): readonly Claim[] {
  if (container === null) return []
  const { ports, labels } = container.service
  const claims: Claim[] = []
  for (const { at, target, published, protocol } of ports) {
    if (!target.known || published === null || !protocol.known || protocol.value !== 'tcp') continue
    const { first, last } = target.value
    claims.push({
      at,
      first,
      last,
      text: `port ${first} of the container is published`,
      isPublished: true,
      host: published.known ? published.value.first : null,
      isInside: false,
    })
  }
  const names = [
    ...givenVariables(container.service).filter(({ name }) => name === 'VIRTUAL_PORT'),
    ...labels.filter(({ name }) => TRAEFIK.test(name)),
  ]
  for (const { name, value, at } of names) {
    if (value?.known !== true || !/^\d{1,5}$/.test(value.value)) continue
    const port = Number(value.value)
    claims.push({
      at,
      first: port,
      last: port,
      text: `\`${name}\` names port ${port}`,
      isPublished: false,
      host: null,
      isInside: false,
    })
  }
  const check = healthCheck(container)?.words ?? []
  const isAlpineWget =
    /alpine/.test(container.reference ?? '') &&
    check.some(({ text }) => /(?:^|[\s;&|/])wget(?:\s|$)/.test(text)) &&
    !check.some(({ text }) => /\bcurl\b|-4\b/.test(text)) &&
    !buildSteps(container).some(step => /\bwget\b/.test(step))
  for (const written of askedByRedis(check))
    claims.push({
      at: placeOf(written),
      first: Number(written.text),
      last: Number(written.text),
      text: `the health check connects to port ${written.text}`,
      isPublished: false,
      host: null,
      isInside: true,
    })
  for (const word of check) {
    const found = LOCAL_URL.exec(word.text)
    if (found === null || ALTERNATIVE.test(word.text.slice(found.index + found[0].length))) continue
    const port = Number(found[1] ?? found[2] ?? 80)
    const at = placeOf(sliceWritten(word, found.index, found.index + found[0].length))
    claims.push({
      at,
      first: port,
      last: port,
      text: `the health check connects to port ${port}`,
      isPublished: false,
      host: null,
      isInside: true,
      isAskedBySix: /^(?:https?:\/\/)?localhost/.test(found[0]) && isAlpineWget,
    })
  }
  return claims
}

/** The port that `redis-cli -p` asks in its own container. */
function askedByRedis(words: readonly WrittenText[]): readonly WrittenText[] {
  const isHere = words.every(({ text }) => !/(?:^|\s)-(?:h|u|s)(?:\s|$)|\$/.test(text))
  if (!isHere) return []
  if (words[0]?.text === 'redis-cli')
    return words.filter(({ text }, index) => /^\d{1,5}$/.test(text) && words[index - 1]?.text === '-p')
  return words.flatMap(word => {
    const found = /^\s*redis-cli\s+-p\s+(\d{1,5})\b/.exec(word.text)
    const end = found?.[0].length ?? 0
    return found === null ? [] : [sliceWritten(word, end - (found[1]?.length ?? 0), end)]
  })
}
