import type { ComposeMount, ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import { placeText, type Place } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { projectsIn } from './_compose-projects.ts'
import { siteTo } from './_examples.ts'

const tree = (web: string, worker: string, more = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro,Z
      web:
        image: registry.example.org/shop:1.4
        volumes:
          - ${web}
      worker:
        image: registry.example.org/worker:1.4
        ${more}
        volumes:
          - ${worker}
    volumes:
      media:
  `,
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'A mount is labelled for one container alone, and another one mounts the same files',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `Z` Docker and Podman give the files the label of SELinux that this one container has, directories with all that is in them. A container beside it that mounts them has another label: permission denied, from the moment on at which the container with `Z` is started. `z` is the label that all containers share.',
  remedy: 'Write `z` where several containers mount the same files',
  references: [
    'https://docs.docker.com/engine/storage/bind-mounts/#configure-the-selinux-label',
    'https://docs.podman.io/en/latest/markdown/podman-run.1.html',
  ],
  unproven: 'The live tests start no containers, and SELinux is not there',
  bad: [
    {
      title: 'one directory in two containers',
      files: tree('./media:/srv/media:«Z»', './media:/srv/media:z'),
    },
    {
      title: 'a file of a directory that another container has',
      files: tree('./shop:/srv/shop:z', './shop/lib/database.py:/srv/database.py:ro,«Z»'),
    },
    { title: 'a volume', files: tree('media:/srv/media:«Z»', 'media:/srv/media') },
    {
      title: 'the long form',
      files: tree(
        '{ type: bind, source: ./media, target: /srv/media, bind: { selinux: «Z» } }',
        './media:/srv/media:ro',
      ),
    },
  ],
  good: [
    { title: 'shared', files: tree('./media:/srv/media:z', './media:/srv/media:z') },
    { title: 'files of their own', files: tree('./media:/srv/media:Z', './media-old:/srv/media:Z') },
    {
      title: 'one that is done before the other starts',
      files: tree('./media:/srv/media:Z', './media:/srv/media:Z', 'restart: "no"'),
    },
    {
      title: 'one without a label of its own',
      files: tree('./media:/srv/media:Z', './media:/srv/media', 'security_opt: ["label=disable"]'),
    },
    {
      title: 'one that may do everything',
      files: tree('./media:/srv/media:Z', './media:/srv/media', 'privileged: true'),
    },
    {
      title: 'one that is started by hand',
      files: tree('./media:/srv/media:Z', './media:/srv/media:Z', 'profiles: [backup]'),
    },
    {
      title: 'a directory of the host that Docker does not label',
      files: tree('/etc/localtime:/etc/localtime:ro', '/etc/localtime:/etc/localtime:ro'),
    },
  ],
  *check(deployment) {
    for (const project of projectsIn(deployment)) {
      const mounts = mountsOf(project)
      for (const one of mounts) {
        const letter = privateLetter(one.mount.at)
        if (letter === null) continue
        // What has no label, or one that it is told, labels nothing for itself and is kept from nothing.
        const others = mounts.filter(
          other =>
            other.service !== one.service && !other.service.unconfined && overlap(other.path, one.path),
        )
        if (others.length === 0 || one.service.unconfined) continue
        yield {
          at: letter,
          message: `\`Z\` labels \`${one.written}\` for \`${one.service.name}\` alone, and \`${others[0]!.service.name}\` mounts it, too: where SELinux is on, it has no access to these files`,
          label: 'for one container alone',
          related: others.slice(0, 3).map(({ mount, service }) => ({
            at: mount.at,
            message: `mounted into \`${service.name}\`, too`,
          })),
          ...propose('Write `z`', 'unsafe', [replacePlace(letter, 'z')]),
        }
      }
    }
  },
})

interface Mounted {
  readonly service: ComposeService
  readonly mount: ComposeMount
  /** A path of the host, or the key of a volume as a path of its own. */
  readonly path: string
  readonly written: string
}

/** What the services mount that run beside each other. */
function mountsOf({ services }: ComposeProject): readonly Mounted[] {
  return [...services.values()].filter(runsOn).flatMap(service =>
    service.volumes.flatMap(mount => {
      const { kind, source } = mount
      if (source?.known !== true || (kind !== 'bind' && kind !== 'volume')) return []
      const path = kind === 'bind' ? cleanPath(source.value) : `volume:${source.value}`
      return [{ service, mount, path, written: source.at === null ? source.value : placeText(source.at) }]
    }),
  )
}

/** False for what ends by itself or is started by hand, so that the label may be another one by then. */
function runsOn({ restart, profiles, complete }: ComposeService): boolean {
  return (
    complete && profiles.length === 0 && !(restart?.known === true && /^(?:no|false)$/.test(restart.value))
  )
}

/** The `Z` of a mount: the last of its options, or one of several. */
function privateLetter(at: Place): Place | null {
  const text = placeText(at)
  const found =
    /:(?:[a-z]+,)*(Z)(?:,[a-z]+)*["']?\s*$/d.exec(text) ?? /\bselinux:\s*["']?(Z)["']?(?![\w])/d.exec(text)
  const [start, end] = found?.indices?.[1] ?? []
  return start === undefined || end === undefined
    ? null
    : { ...at, start: at.start + start, end: at.start + end }
}
