import { memo } from '../../parsers/collections/memo.ts'
import { type RenewalWebroot, readRenewal } from '../../parsers/certbot/renewal.ts'
import type { FileSystem } from '../files/file-system.ts'

const DIRECTORY = '/etc/letsencrypt/renewal'

/** Every name for which certbot puts its challenge into a directory that a web server has to serve, on a machine. */
export const acmeWebroots = memo((files: FileSystem): readonly RenewalWebroot[] =>
  (files.list(DIRECTORY) ?? [])
    .filter(({ name, kind }) => kind === 'file' && name.endsWith('.conf'))
    .flatMap(({ name }) => {
      const read = files.read(`${DIRECTORY}/${name}`)
      if (read.kind !== 'source') return []
      const { authenticator, webroots } = readRenewal(read.source)
      return authenticator === 'webroot' ? webroots : []
    }),
)
