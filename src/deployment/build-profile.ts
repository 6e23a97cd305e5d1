export { isBuildProfile } from '../files/starters.ts'
