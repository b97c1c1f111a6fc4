/// What becomes of Fixtures/ledger-1.sql, a row a line; times are seconds since its start.
enum Carried {
    // id state reason jobs attempts due waits-until created updated
    static let requests = [
        "1 lookup - 1 0 0 - 0 0",
        "2 lookup identity-unavailable 1 1 60 - 0 1",
        "3 lookup proof-unavailable 1 1 90 - 0 1",
        "4 resolved - 0 0 0 - 0 1",
        "5 resolved - 0 0 3600 - 0 2",
        "6 resolved - 0 0 0 2592000 0 1",
        "7 resolved - 0 0 900 2592000 0 3",
        "8 resolved - 0 0 604800 2592000 0 4",
        "9 lookup repository-inactive 1 0 3600 2592000 0 1",
        "10 resolved - 0 0 0 - 0 2",
        "11 resolved - 0 0 120 - 0 5",
        "12 resolved - 0 0 -1790000000 - 0 6",
        "13 resolved - 0 0 7 - 0 7",
        "14 dropped owner-blocked 0 0 8 - 0 8",
        "15 dropped project-not-found 1 0 0 - 0 1",
        "16 dropped record-deleted 1 0 0 - 0 9",
        "17 resolved - 0 0 130 - 0 10",
        "18 lookup - 1 0 0 - 0 0",
        "19 lookup - 1 0 0 - 0 0",
        "20 resolved - 0 0 13 - 0 13",
        "21 resolved - 0 0 36 2592000 0 36",
        "22 resolved - 0 0 604800 2592000 0 40",
        "23 resolved - 0 0 604800 2592000 0 14",
        "24 dropped operator-decision 1 0 0 - 0 50",
        "25 resolved - 0 0 130 - 9 11",
        "26 resolved - 0 0 130 - 9 10",
    ]

    // id request owner state reason attempts sends withdrawal doubt due waits-until message created updated
    static let jobs = [
        "4 4 ownere queued - 0 0 - 0 0 - - 0 1",
        "5 5 ownerf queued owner-limit 0 0 - 0 3600 - - 0 2",
        "6 6 ownerg deferred relationship-unknown 0 0 - 0 2592000 2592000 - 0 1",
        "7 7 ownerh deferred owner-not-following 0 0 - 0 2592000 2592000 - 0 3",
        "8 8 owneri deferred owner-disabled-messages 1 0 - 0 604800 2592000 - 0 4",
        "10 10 ownerk sending - 0 1 - 1 0 - 1 0 2",
        "11 11 ownerl verify outcome-unknown 0 1 - 1 120 - 2 0 5",
        "12 12 ownerm delivered - 0 1 - 0 -1790000000 - 3 0 6",
        "13 13 ownern uncertain sends-exhausted 0 2 - 1 7 - 4 0 7",
        "14 14 ownero dropped owner-blocked 0 0 - 0 8 - - 0 8",
        "17 17 ownerr verify outcome-unknown 0 1 - 1 130 - 6 0 10",
        "20 20 owneru queued waiting 1 1 - 0 13 - - 0 13",
        "21 21 ownerv delivered mention-posted 1 0 - 0 36 2592000 - 0 36",
        "22 22 ownerw posting owner-disabled-messages 1 0 - 1 604800 2592000 - 0 40",
        "23 23 ownerx deferred owner-disabled-messages 1 0 - 0 604800 2592000 - 0 14",
        "25 25 ownerr verify outcome-unknown 0 1 record-deleted 1 130 - 6 9 11",
        "26 26 ownerr verify outcome-unknown 0 1 - 1 130 - 6 9 10",
    ]

    // id owner kind state reason mark baseline sends most-sends attempts due sent id
    static let messages = [
        "1 ownerk notice sending - ref-10 22222convo 1 2 0 2 2 -",
        "2 ownerl notice verify outcome-unknown ref-11 22222convo 1 2 0 120 2 -",
        "3 ownerm notice delivered - ref-12 22222convo 1 2 0 -1790000000 2 message-12",
        "4 ownern notice uncertain sends-exhausted ref-13 22222convo 2 2 0 7 2 -",
        "5 ownero notice dropped owner-blocked ref-14 22222convo 0 2 0 8 2 -",
        "6 ownerr notice verify outcome-unknown ref-17 22222convo 1 2 0 130 2 -",
        "7 owneru notice dropped record-replaced ref-20 22222convo 1 2 0 12 2 -",
    ]

    // id request owner message at phase outcome reason status next
    static let attempts = [
        "1 2 - - 1 identity retry identity-unavailable - 60",
        "2 3 - - 1 identity retry proof-unavailable - 90",
        "3 6 ownerg - 1 identity defer relationship-unknown - 0",
        "4 7 ownerh - 1 identity defer relationship-unknown - 0",
        "5 8 owneri - 4 open-conversation defer owner-disabled-messages - 604800",
        "6 9 - - 1 identity defer repository-inactive - 3600",
        "7 11 ownerl 2 5 send-message verify outcome-unknown 200 120",
        "8 12 ownerm 3 6 send-message delivered - - -",
        "9 13 ownern 4 7 read-messages not found - - -",
        "10 14 ownero 5 8 send-message drop owner-blocked 400 -",
        "11 15 - - 1 identity drop project-not-found - 0",
        "12 17 ownerr 6 10 send-message verify outcome-unknown 200 130",
        "13 25 ownerr 6 10 send-message verify outcome-unknown 200 130",
        "14 26 ownerr 6 10 send-message verify outcome-unknown 200 130",
        "15 20 owneru 7 12 send-message verify outcome-unknown 200 12",
        "16 20 owneru 7 13 read-messages not found - - -",
        "17 21 ownerv - 14 open-conversation defer owner-disabled-messages - 604800",
        "18 22 ownerw - 14 open-conversation defer owner-disabled-messages - 604800",
        "19 23 ownerx - 14 open-conversation defer owner-disabled-messages - 604800",
        "20 21 ownerv - 36 post-mention delivered - - -",
        "21 22 ownerw - 40 post-mention retry - - -",
    ]
}
