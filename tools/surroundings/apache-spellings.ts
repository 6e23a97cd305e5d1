import { apacheConditions } from './apache/condition-spellings.ts'
import { apachePlaces } from './apache/place-spellings.ts'
import { apacheProxies } from './apache/proxy-spellings.ts'
import { apacheRedirects } from './apache/redirect-spellings.ts'
import { apacheTexts } from './apache/text-spellings.ts'
import { apacheWsgi } from './apache/wsgi-spellings.ts'
import type { Lay } from './files.ts'

/** What Apache's files may say in other words, or in another place. */
export const apacheSpellings: Readonly<Record<string, Lay>> = {
  ...apacheTexts,
  ...apacheConditions,
  ...apachePlaces,
  ...apacheProxies,
  ...apacheRedirects,
  ...apacheWsgi,
}
