import type { PublishedPort } from '../../parsers/compose/compose.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { containerVariables } from './_container-variables.ts'

const forge = (ports: string, lines: string, image = 'gitea/gitea:1.22'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      git:
        image: ${image}
        environment:
          ${lines}
        volumes: ["data:/data"]
        ports:
          - "127.0.0.1:3000:3000"
          - ${ports}
    volumes:
      data:
  `,
})
const URL = 'GITEA__server__ROOT_URL: https://git.example.org/'

export default defineRule({
  summary: 'A forge shows clone addresses with one port, and its SSH is published at another',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Gitea, Forgejo and GitLab cannot know at which port of the host Docker publishes their SSH. Until they are told, the address that they show, `git@git.example.org:team/shop.git`, leads to the SSH of the host itself: Permission denied (publickey).',
  remedy:
    'Write `GITEA__server__SSH_PORT: "2222"`, `FORGEJO__server__SSH_PORT`, or `gitlab_rails[\'gitlab_shell_ssh_port\'] = 2222`',
  references: [
    'https://docs.gitea.com/installation/install-with-docker#environment-variables',
    'https://docs.gitea.com/administration/config-cheat-sheet#server-server',
    'https://docs.gitlab.com/install/docker/installation/#expose-gitlab-on-different-ports',
  ],
  unproven: 'The live tests start no containers',
  bad: [
    { title: 'Gitea', files: forge('"«2222:22»"', URL) },
    {
      title: 'Gitea that is told another port',
      files: forge('"«2222:22»"', `${URL}\nGITEA__server__SSH_PORT: "2221"`),
    },
    {
      title: 'Forgejo, whose own server listens at another port',
      files: forge(
        '"«222:2222»"',
        'FORGEJO__server__DOMAIN: git.example.org',
        'codeberg.org/forgejo/forgejo:9-rootless',
      ),
    },
    {
      title: 'GitLab',
      files: forge(
        '"«2224:22»"',
        conf`
          GITLAB_OMNIBUS_CONFIG: |
            external_url 'https://git.example.org'
        `,
        'gitlab/gitlab-ce:17.1.0-ce.0',
      ),
    },
  ],
  good: [
    { title: 'told', files: forge('"2222:22"', `${URL}\nGITEA__server__SSH_PORT: "2222"`) },
    { title: 'told by the variable of the image', files: forge('"2222:22"', `${URL}\nSSH_PORT: "2222"`) },
    { title: 'the port of SSH', files: forge('"22:22"', URL) },
    {
      title: 'the image without root, which shows the port at which it listens',
      files: forge('"2222:2222"', URL, 'gitea/gitea:1.22-rootless'),
    },
    { title: 'for the SSH of the host alone', files: forge('"127.0.0.1:2222:22"', URL) },
    { title: 'without SSH', files: forge('"2222:22"', `${URL}\nGITEA__server__DISABLE_SSH: "true"`) },
    {
      title: 'told nothing by variables, but perhaps in its pages',
      files: forge('"2222:22"', 'USER_UID: "1000"'),
    },
    {
      title: 'GitLab that is told',
      files: forge(
        '"2224:22"',
        conf`
          GITLAB_OMNIBUS_CONFIG: |
            external_url 'https://git.example.org'
            gitlab_rails['gitlab_shell_ssh_port'] = 2224
        `,
        'gitlab/gitlab-ce:17.1.0-ce.0',
      ),
    },
    { title: 'another program', files: forge('"2222:22"', URL, 'example/forge:1') },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const forge = container === null ? null : forgeIn(container)
      if (container === null || forge === null) continue
      const { service } = container
      const ports = service.ports.filter(({ target }) => startOf(target) === forge.inner)
      const published = ports.flatMap(port => publishedAt(port) ?? [])
      const [first] = published
      if (first === undefined || published.length < ports.length) continue
      if (published.some(({ port }) => port === forge.shown)) continue
      yield {
        at: first.at,
        message: `${forge.name} shows clone addresses ${forge.shown === 22 ? 'without a port, which' : `with port ${forge.shown}, which`} lead to another SSH: its own is published at ${first.port}`,
        label: 'not the port that is shown',
        related: [{ at: service.image?.at ?? service.at, message: forge.name }],
        help: forge.help(first.port),
      }
    }
  },
})

interface Forge {
  readonly name: string
  /** The port of the container at which its SSH listens. */
  readonly inner: number
  /** The one in the addresses that it shows. */
  readonly shown: number
  readonly help: (port: number) => string
}

/** A forge that variables tell of its address; null for any other, and where the port may be told elsewhere. */
function forgeIn(container: Container): Forge | null {
  const { base, service, files, hostFiles } = container
  if (base === null || service.build !== null || service.networkMode !== null || !service.complete)
    return null
  if (!serviceVariables(service, hostFiles).complete) return null
  const variables = containerVariables(container)
  if (/^gitlab\/gitlab-(?:ce|ee)$/.test(base)) {
    const written = variables.find(({ name }) => name === 'GITLAB_OMNIBUS_CONFIG')?.value
    if (written?.known !== true || !/external_url/.test(written.value)) return null
    if (files.kind('/etc/gitlab/gitlab.rb') === 'file') return null
    const told = /gitlab_shell_ssh_port['"]\s*\]\s*=\s*(.*)/.exec(written.value)
    const port = told === null ? 22 : Number(told[1])
    return Number.isNaN(port)
      ? null
      : {
          name: 'GitLab',
          inner: 22,
          shown: port,
          help: port => `Write \`gitlab_rails['gitlab_shell_ssh_port'] = ${port}\``,
        }
  }
  const [, kind] =
    /^(?:docker\.gitea\.com\/|codeberg\.org\/)?(?:gitea\/)?(gitea|forgejo)(?:\/forgejo)?$/.exec(base) ?? []
  if (kind === undefined || files.kind('/data/gitea/conf/app.ini') === 'file') return null
  const settings = variables.flatMap(({ name, value }) => {
    const key =
      /^(?:(?:GITEA|FORGEJO)__server__)?(SSH_PORT|SSH_LISTEN_PORT|DISABLE_SSH|ROOT_URL|DOMAIN|SSH_DOMAIN)$/i.exec(
        name,
      )?.[1]
    return key === undefined ? [] : [[key.toUpperCase(), value?.known === true ? value.value : null] as const]
  })
  const given = new Map(settings)
  if (given.size === 0 || settings.some(([, value]) => value === null) || given.has('DISABLE_SSH'))
    return null
  const isRootless = /rootless/.test(container.reference ?? '')
  return {
    name: kind === 'gitea' ? 'Gitea' : 'Forgejo',
    inner: Number(given.get('SSH_LISTEN_PORT') ?? (isRootless ? 2222 : 22)),
    // The image without root listens at 2222, and shows that.
    shown: Number(given.get('SSH_PORT') ?? (isRootless ? 2222 : 22)),
    help: port => `Write \`${kind.toUpperCase()}__server__SSH_PORT: "${port}"\``,
  }
}

const startOf = (range: PublishedPort['target']): number | null => (range.known ? range.value.first : null)

/** The port of the host, where others than the host itself reach it. */
function publishedAt({
  at,
  published,
  hostIp,
}: PublishedPort): { readonly at: PublishedPort['at']; readonly port: number } | null {
  if (published?.known !== true) return null
  if (hostIp !== null && (!hostIp.known || isLoopback(parseHost(hostIp.value)) !== false)) return null
  return { at, port: published.value.first }
}
