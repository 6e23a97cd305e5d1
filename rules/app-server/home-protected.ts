import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx } from './_examples.ts'

const tree = (lines: string, directory = '/home/shop/app'): Record<string, string> =>
  behindNginx(conf`
    [Service]
    User=shop
    WorkingDirectory=${directory}
    ${lines}
    ExecStart=/opt/shop/bin/gunicorn shop.wsgi
  `)

export default defineRule({
  summary: 'A unit hides the home directories, and its application lies there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `ProtectHome=yes` or `tmpfs` a service sees `/home`, `/root` and `/run/user` empty. It cannot change to a directory there and does not start: `200/CHDIR`, `Changing to the requested working directory failed`, with `Permission denied`, or, for root and with `tmpfs`, `No such file or directory`; `203/EXEC` for a program.',
  remedy: 'Write `ProtectHome=read-only`, or keep the application outside of the home directories',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#ProtectHome='],
  unproven: 'The live tests start no systemd, which hides the directories',
  bad: [
    { title: 'an application in a home directory', files: tree('ProtectHome=«true»') },
    { title: 'that of root', files: tree('ProtectHome=«tmpfs»', '/root/shop') },
  ],
  good: [
    { title: 'to be read alone', files: tree('ProtectHome=read-only') },
    { title: 'elsewhere', files: tree('ProtectHome=true', '/srv/shop') },
    {
      title: 'bound back into the empty directory',
      files: tree(conf`
        ProtectHome=tmpfs
        BindPaths=/home/shop
      `),
    },
  ],
  *check({ commands }) {
    for (const { service } of commands) {
      const protection = service?.protectHome
      if (service === null || protection?.known !== true || protection.at === null) continue
      if (protection.value !== 'yes' && protection.value !== 'tmpfs') continue
      if (service.unit.settings.some(({ name }) => /^Bind(?:ReadOnly)?Paths$/.test(name))) continue
      const directory = service.workingDirectory
      const program = service.start[0]?.words[0]?.text ?? ''
      const hidden = directory?.known === true && HOME.test(`${directory.value}/`) ? directory.value : null
      if (hidden === null && !HOME.test(program)) continue
      yield {
        at: protection.at,
        message: `the unit sees \`${/^\/\w+/.exec(hidden ?? program)?.[0]}\` empty, so \`${hidden ?? program}\` is not there for it: ${hidden === null ? '203/EXEC' : '200/CHDIR'}`,
        label: 'hides the application',
        related:
          hidden === null || directory?.at == null
            ? []
            : [{ at: directory.at, message: 'the directory that it changes to' }],
      }
    }
  },
})

const HOME = /^\/(?:home|root)\//
