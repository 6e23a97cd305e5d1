import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { healthCheck } from '../../src/deployment/containers/health-check.ts'

/** A health check of a container that asks the container itself, in plain HTTP. */
export interface SelfCheck {
  /** The whole command. */
  readonly text: string
  readonly host: string
  readonly port: number
  readonly path: string
  /** The word with the URL. */
  readonly at: Place
}

const URL_OF_ITSELF = /http:\/\/(localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?(?=[/"'\s)]|$)(\/[^"'\s)]*)?/

/** Null where it asks for none. */
export function selfCheck(container: Container): SelfCheck | null {
  const words = healthCheck(container)?.words ?? []
  const text = words.map(word => word.text).join(' ')
  const [, host, port = '80', path = '/'] = URL_OF_ITSELF.exec(text) ?? []
  const word = words.find(each => each.text.includes(`http://${host}`)) ?? words[0]
  return host === undefined || word === undefined
    ? null
    : { text, host, port: Number(port), path, at: placeOf(word) }
}
