// What a configuration says about a registry, to be checked where there is none: without the codecs in memory.
export { isRegistryUrl } from './registry/registry-endpoint.ts';
export { type SubjectNameStrategy, subjectNameStrategy } from './registry/subject-names.ts';
