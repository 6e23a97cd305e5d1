import { posix } from 'node:path'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { ENDS } from './_background.ts'

/**
 * A unit that waits for Tomcat to go into the background, which `catalina.sh run` does not, or that takes Tomcat for
 * ended, as `startup.sh` and `catalina.sh start` leave it there.
 *
 * @see https://tomcat.apache.org/tomcat-10.1-doc/RUNNING.txt
 */
export function* tomcatUnit({ by, words, rest, service }: StartedCommand): Iterable<RuleFinding> {
  const [first, second, ...others] = words
  const script = posix.basename(first?.text ?? '')
  if (by !== 'systemd' || service === null || first === undefined || rest !== null || others.length > 0)
    return
  const type = service.type
  if (type !== null && !type.known) return
  const verb = script === 'startup.sh' && second === undefined ? 'start' : second?.text
  if (script === 'catalina.sh' && verb === 'run' && type?.value === 'forking' && type.at !== null)
    yield {
      at: type.at,
      message:
        'systemd waits for Tomcat to go into the background, which `catalina.sh run` does not do: start operation timed out',
      label: 'Tomcat stays in the foreground',
      related: [{ at: placeOf(first), message: 'nothing sends it there' }],
      help: 'Leave `Type=` out, or start `startup.sh`',
    }
  if (!/^(?:catalina|startup)\.sh$/.test(script) || !/tomcat|catalina/i.test(first.text) || verb !== 'start')
    return
  if (!/^(?:simple|exec)$/.test(type?.value ?? 'simple')) return
  if (
    service.unit.settings.some(({ name }) => /^(?:RemainAfterExit|KillMode|GuessMainPID|PIDFile)$/.test(name))
  )
    return
  yield {
    at: placeOf(first),
    message: `Tomcat goes into the background, and ${ENDS[by]}`,
    label: 'ends its first process',
    help: 'Start `catalina.sh run`, or write `Type=forking`',
  }
}
