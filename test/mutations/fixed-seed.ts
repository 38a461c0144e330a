import fc from 'fast-check';

/** Property tests draw the same inputs every time a fault is planted, so that one which is noticed today is noticed tomorrow. */
fc.configureGlobal({ seed: 1 });
