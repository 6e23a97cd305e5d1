import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { wantedByMachine } from './_units-of-setups.ts'

const unit = (install: string): string => conf`
  [Unit]
  Description=Shop

  [Service]
  ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop:app
  Restart=on-failure
  ${install}
`
const wanted = (target: string): string => conf`
  [Install]
  WantedBy=${target}
`
const script = (line: string): string => conf`
  #!/bin/bash
  cp shop.service /etc/systemd/system/
  systemctl daemon-reload
  ${line}
  systemctl restart shop
`

export default defineRule({
  summary: 'A target of the machine wants a unit of a user, and nothing starts it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The systemd of a user has a `default.target`; `multi-user.target` and `graphical.target` are the machine’s. `systemctl --user enable` says “added as a dependency to a non-existent unit”, and the unit is not started when the user’s systemd is.',
  remedy: 'Write `WantedBy=default.target`, and `loginctl enable-linger` where it is to run without a login',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.special.html#Units%20managed%20by%20the%20user%20service%20manager',
  ],
  unproven:
    'The live tests start no systemd: what it does with a unit when the machine starts, its manual says',
  bad: [
    {
      title: 'a unit of a user',
      files: { 'config/systemd/user/shop.service': unit(wanted('«multi-user.target»')) },
    },
    {
      title: 'enabled for a user',
      files: {
        'deploy/shop.service': unit(wanted('«graphical.target»')),
        'deploy/install.sh': conf`
          #!/bin/sh
          mkdir -p ~/.config/systemd/user
          cp deploy/shop.service ~/.config/systemd/user/
          systemctl --user enable --now shop.service
        `,
      },
    },
  ],
  good: [
    {
      title: 'what wants it is there',
      files: {
        'deploy/shop.service': unit(wanted('multi-user.target')),
        'deploy/install.sh': script('systemctl enable shop'),
      },
    },
    {
      title: 'a unit of a user that its own target wants',
      files: { 'config/systemd/user/shop.service': unit(wanted('default.target')) },
    },
  ],
  *check(deployment) {
    yield* wantedByMachine(deployment)
  },
})
