import { memo } from '../../parsers/collections/memo.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { moduleCalls } from '../../src/deployment/setups/module-calls.ts'
import { isDebian } from '../_debian.ts'
import { isDebian as isImageOfDebian } from '../containers/_package-managers.ts'

/** True where the cron of a machine is surely Debian's. */
export function hasCronOfDebian(deployment: Deployment, { container, files }: Machine): boolean {
  if (isDebian(files)) return true
  return container === null
    ? installsByApt(deployment)
    : container.reference !== null && isImageOfDebian(container.reference)
}

/** True where scripts and playbooks of the repository install packages of Debian, and none of another system. */
const installsByApt = memo((deployment: Deployment): boolean => {
  const texts = (deployment.setups() ?? []).filter(({ path }) => !/(?:^|\/)[^/]*Dockerfile[^/]*$/.test(path))
  return texts.some(({ text }) => APT.test(text)) && !texts.some(({ text }) => OTHERS.test(text))
})

const APT = /\bapt(?:-get)?[ \t]+(?:-\S+[ \t]+)*install\b|^[ \t]*-?[ \t]*(?:ansible\.builtin\.)?apt:/m
const OTHERS =
  /\b(?:yum|dnf|zypper|apk|pacman|pkg)[ \t]+(?:-\S+[ \t]+)*(?:install|add|-S)|^[ \t]*-?[ \t]*(?:(?:ansible\.builtin|community\.general)\.)?(?:yum|dnf|zypper|apk|pacman|package):|RedHat|CentOS|FreeBSD/m

/** A table of cron by the name that a playbook gives it. */
export interface NamedTable {
  readonly name: string
  readonly at: Place
}

/** The files of `/etc/cron.d` that a playbook writes: by `dest` of `copy` and `template`, and by `cron_file` of `cron`. */
export const tablesOfPlaybook = memo((source: Source): readonly NamedTable[] =>
  moduleCalls(source).flatMap(({ module, options }): NamedTable[] => {
    const written = options.get(module === 'cron' ? 'cron_file' : 'dest')
    if (!/^(?:cron|copy|template)$/.test(module) || written === undefined) return []
    if (/^(?:absent|no|false)$/.test(options.get('state')?.text.text ?? '')) return []
    const name = (module === 'cron' ? /^([^/\s]+)$/ : /^\/etc\/cron\.d\/([^/\s]+)$/).exec(
      written.text.text,
    )?.[1]
    return name === undefined || name.includes('{') ? [] : [{ name, at: placeOf(written.text) }]
  }),
)
