import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { plainText } from '../../src/deployment/setups/plain-text.ts'
import { type PlaybookTask, playbookTasks } from '../../src/deployment/setups/playbook-tasks.ts'
import { plainName } from '../../src/deployment/setups/restarted-services.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const role = (handler: string, more = ''): Record<string, string> => ({
  'roles/shop/files/site.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
        }
    }
  `,
  'roles/shop/tasks/main.yml': conf`
    - name: unit
      ansible.builtin.template:
        src: shop.service.j2
        dest: /etc/systemd/system/shop.service
      notify: restart shop
    ${more}
  `,
  'roles/shop/handlers/main.yml': handler,
})
const RESTART = conf`
  - name: restart shop
    ansible.builtin.systemd:
      name: shop
      state: «restarted»
`

export default defineRule({
  summary: 'A unit is changed and restarted, and systemd does not read it again',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'systemd restarts the unit as it read it last: what the template says now, another port or more workers, is not in force until somebody runs `systemctl daemon-reload`. “Warning: The unit file, source configuration file or drop-ins of shop.service changed on disk.”',
  remedy: 'Write `daemon_reload: true` into the handler',
  references: [
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/systemd_service_module.html#parameter-daemon_reload',
  ],
  unproven: 'The machines of the live tests have no Ansible, and no systemd',
  bad: [
    { title: 'the handler of the template', files: role(RESTART) },
    {
      title: 'a name that is filled in',
      files: Object.fromEntries(
        Object.entries(role(RESTART)).map(([path, text]) => [
          path,
          text
            .replace('system/shop.service', 'system/{{app}}.service')
            .replace('name: shop\n', 'name: "{{ app }}"\n'),
        ]),
      ),
    },
    {
      title: 'the module for services of any kind',
      files: role(conf`
        - name: restart shop
          service: name=shop state=«restarted»
      `),
    },
  ],
  good: [
    { title: 'the handler reads the units again', files: role(`${RESTART}    daemon_reload: true\n`) },
    {
      title: 'a task that does it',
      files: role(
        RESTART,
        conf`
          - name: service
            ansible.builtin.systemd:
              name: shop
              enabled: true
              daemon_reload: true
        `,
      ),
    },
    {
      title: 'a handler that does it by a command',
      files: role(conf`
        - name: read the units again
          ansible.builtin.command: systemctl daemon-reload
          listen: restart shop
        ${RESTART}
      `),
    },
    {
      title: 'a handler of another role, which is notified first',
      files: Object.fromEntries(
        Object.entries(role(RESTART)).map(([path, text]) => [
          path,
          text.replace('notify: restart shop', 'notify: [read the units again, restart shop]'),
        ]),
      ),
    },
    {
      title: 'the settings of a program',
      files: {
        ...role(RESTART),
        'roles/shop/tasks/main.yml': conf`
          - name: settings
            template:
              src: shop.env.j2
              dest: /etc/default/shop
            notify: restart shop
        `,
      },
    },
    {
      title: 'a unit that is written where there is none',
      files: Object.fromEntries(
        Object.entries(role(RESTART)).map(([path, text]) => [
          path,
          text.replace('shop.service\n', 'shop.service\n    force: no\n'),
        ]),
      ),
    },
    {
      title: 'another service',
      files: role(conf`
        - name: restart shop
          ansible.builtin.systemd:
            name: nginx
            state: restarted
      `),
    },
  ],
  *check(deployment) {
    const parts = partsOf(deployment.setups() ?? [])
    const common = parts.get('') ?? []
    for (const [name, tasks] of parts) {
      if (name === '' || [...tasks, ...common].some(readsUnits)) continue
      const handlers = tasks.filter(({ isHandler }) => isHandler)
      if (handlers.length === 0) continue
      for (const task of tasks) {
        const dest =
          UNITS.test(task.module ?? '') && !isWrittenOnce(task) ? task.options.get('dest') : undefined
        const unit = dest === undefined ? undefined : UNIT_FILE.exec(plainText(dest.text))?.[1]
        if (dest === undefined || unit === undefined) continue
        const notified = new Set(task.notifies.map(plainText))
        // A handler of another role may do it.
        if ([...notified].some(each => !handlers.some(handler => isCalled(handler, each)))) continue
        for (const handler of handlers) {
          const isMeant = [...notified].some(each => isCalled(handler, each))
          const state = restartOf(handler, unit)
          if (!isMeant || state === null) continue
          yield {
            at: placeOf(state),
            message: `\`${unit}\` is restarted when its unit has changed, and systemd does not read that again: the former one is started`,
            label: 'no `daemon_reload`',
            related: [{ at: placeOf(dest.text), message: 'the unit' }],
          }
        }
      }
    }
  },
})

/** True for a task that leaves a file alone which is there: a unit that is new is read at its first start. */
function isWrittenOnce({ options }: PlaybookTask): boolean {
  const force = options.get('force')
  return force !== undefined && /^(?:no|false|off|0)$/i.test(plainText(force.text))
}

function isCalled({ name, listens }: PlaybookTask, notified: string): boolean {
  return name === notified || listens.includes(notified)
}

const UNITS = /^(?:template|copy)$/
const UNIT_FILE =
  /^\/(?:etc|run|(?:usr\/)?(?:local\/)?lib)\/systemd\/system\/([^/]+)\.(?:service|socket|timer)$/

/** What a handler says of the state, where it is that it restarts this unit. */
function restartOf({ module, options }: PlaybookTask, unit: string) {
  const state = options.get('state')?.text
  const name = options.get('name')?.text
  if (!/^(?:systemd|systemd_service|service)$/.test(module ?? '') || state?.text !== 'restarted') return null
  return name !== undefined && plainName(plainText(name)) === unit ? state : null
}

function readsUnits({ options, script }: PlaybookTask): boolean {
  return (
    options.has('daemon_reload') || options.has('daemon-reload') || /daemon-reload/.test(script?.text ?? '')
  )
}

/** The tasks of each role, by its directory; under the empty name those of no role, which may be run beside all. */
function partsOf(sources: readonly Source[]): ReadonlyMap<string, readonly PlaybookTask[]> {
  const parts = groupBy(sources, ({ path }) => /^(?:.*\/)?roles\/[^/]+(?=\/)/.exec(path)?.[0] ?? '')
  return new Map([...parts].map(([name, files]) => [name, files.flatMap(playbookTasks)]))
}
