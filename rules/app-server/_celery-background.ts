import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { ENDS, isLeftAlone } from './_background.ts'

/** Celery, which `multi` and `--detach` send into the background, and nothing else. */
export function* celeryInBackground({ by, words, service }: StartedCommand): Iterable<RuleFinding> {
  const at = words.findIndex(({ text }) => posix.basename(text) === 'celery')
  const [program, ...rest] = words.slice(at)
  if (at === -1 || program === undefined || by === 'container') return
  if (rest.some(({ text }) => isUnknownWord(text) || /[%$]/.test(text.replaceAll('%n', '')))) {
    // What a variable holds may send it there.
    if (!rest.some(({ text }) => text === 'multi')) return
  }
  const multi = rest.find(({ text }) => text === 'multi')
  const isStarted = rest.some(({ text }) => text === 'start' || text === 'restart')
  const background = multi !== undefined && isStarted ? multi : rest.find(({ text }) => DETACHED.test(text))
  const type = service?.type ?? null
  if (type !== null && !type.known) return
  if (background !== undefined) {
    if (by === 'systemd' && !/^(?:simple|exec|notify|notify-reload)$/.test(type?.value ?? 'simple')) return
    if (isLeftAlone(service)) return
    yield {
      at: placeOf(background),
      message: `Celery goes into the background, and ${ENDS[by]}`,
      label: 'ends its first process',
      help: by === 'systemd' ? 'Write `Type=forking`, or start `celery worker`' : 'Start `celery worker`',
    }
  } else if (
    by === 'systemd' &&
    /^notify(?:-reload)?$/.test(type?.value ?? '') &&
    type?.at != null &&
    rest.some(({ text }) => RUNS.test(text)) &&
    service?.unit.settings.some(({ name }) => name === 'NotifyAccess') !== true
  )
    yield {
      at: type.at,
      message:
        'systemd waits for Celery to say that it is ready, which it does not do: start operation timed out',
      label: 'waits for a message that nobody sends',
      related: [{ at: placeOf(program), message: 'the worker' }],
      help: 'Write `Type=exec`, or leave it out',
    }
  else if (type?.value === 'forking' && type.at !== null && rest.some(({ text }) => RUNS.test(text)))
    yield {
      at: type.at,
      message:
        'systemd waits for Celery to go into the background, which it does not do: start operation timed out',
      label: 'Celery stays in the foreground',
      related: [{ at: placeOf(program), message: 'nothing sends it there' }],
      help: 'Leave `Type=` out',
    }
}

const DETACHED = /^(?:--detach|-D)$/
const RUNS = /^(?:worker|beat|flower)$/
